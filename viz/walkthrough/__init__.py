"""The walkthrough of one network and one picture as one HTML file that needs no server."""
