"""The web: HTTP and WebSocket around the door. Everything that knows HTTP is here.

* ``app``: ``create_app()`` ties the parts together.
* ``api``: the JSON routes under ``/api``; ``openapi``: their description, with examples.
* ``stream``: the WebSocket: event batches down, commands up.
* ``pages`` and ``panels``: the HTML pages and their parts (Jinja2, htmx); ``rendering``: templates to answers;
  ``contexts``: the variables of templates; ``sources``: the text of the lab programs.
* ``labs``: catalogue and pages of the labs; ``lab_steps``: what a learner does in one; ``lab_library``: the files as
  they are now; ``lab_room``: everybody's runs; ``lab_runs``: one of them; ``lab_views``: runs and notes as values for
  templates; ``lab_words``: links from their texts into the glossary.
* ``reference``: the pages of misconceptions, glossary and analogies.
* ``recordings``: recordings as pages, and logs as files to take along; ``standalone``: one as a single HTML file.
* ``assets``: a page's script and stylesheet, each in one answer; ``bundle``: modules to one script.
* ``problems``: every refusal as an RFC 9457 problem document.
* ``security``: headers, origin and host checks, tokens and cookies.
* ``serving``: uvicorn as Socketlab runs it.

In come requests; out go what ``server.sessions`` says. Nothing is decided here.
"""
