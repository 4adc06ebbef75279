"""Arrays as images, and numbers as HTML and text: parts that the figures of several topics share."""
