"""Arrays as images, numbers as HTML and words: the parts that figures of several topics share."""
