"""The explorer's page as plain files: for the app, which answers it in Python, and for one that answers itself."""
