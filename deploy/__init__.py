"""The app for many people: several servers, the replicas, behind one nginx."""
