"""The web: HTTP and WebSocket around the door. Everything that knows HTTP is here.

* ``app``: ``create_app()`` ties the parts together.
* ``api``: the JSON routes under ``/api``; ``openapi``: their description, with examples.
* ``stream``: the WebSocket: batches of events of any number of logs down, commands up; ``feeds``: a log as it sees it.
* ``pages`` and ``panels``: the HTML pages and their parts (Jinja2, htmx); ``rendering``: templates to answers;
  ``contexts``: the variables of templates; ``sources``: the text of the lab programs.
* ``catalogue``: the list of the labs; ``labs``: the page of one, and its runs; ``lab_views``: labs and notes as values
  for templates; ``lab_outline``: what the page's modules know of a lab; ``lab_words``: links into the glossary.
* ``own``: what a visitor runs and what is kept of it, and the way to end each.
* ``reference``: the pages of misconceptions, glossary and analogies.
* ``recordings``: recordings as pages, and logs as files to take along; ``standalone``: one as a single HTML file.
* ``assets``: a page's script and stylesheet, each in one answer; ``bundle``: modules to one script.
* ``problems``: every refusal as an RFC 9457 problem document.
* ``security``: headers, origin and host checks, tokens; ``cookies``: how each is set, and the visitor's; ``access``:
  who may see and steer what.
* ``serving``: uvicorn as Socketlab runs it.

In come requests; out go what ``server.sessions`` and ``server.courses`` say. Nothing is decided here.
"""
