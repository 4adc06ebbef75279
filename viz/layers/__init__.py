"""The rows one at a time, every number worked out."""
