"""The app for many people: several servers, called replicas, behind one nginx."""
