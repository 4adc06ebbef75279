"""Tests of the model, the pages, the app and its server."""
