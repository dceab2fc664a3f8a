"""Head office's pages: rendered on the server, htmx for what moves. A folder a page: `reads` asks the database, `pages` answers requests, templates lay out.

`app.create_console` puts them together as one application that head office's own mounts under /console.
"""
