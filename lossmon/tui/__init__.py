"""The screen: the app wires, the screens arrange, the widgets draw.

    start.py     connects, then opens the screen          app.py       hands updates to it
    watcher.py   the thread that reads                    messages.py  what travels from it
    leaving.py   what ends behind a screen that was left  screens/, widgets/
    first_frame.py  what stands there before Textual is imported   colours.py  its colours
The terminal:
    paste.py     what is pasted, until it is whole        in_turn.py   keys, one after the other
    driver.py    given back on every way out              wire.py      cells that differ, no more
    wired_app.py one frame from size to size              textual_private.py  names not public
    clipboard.py through whatever lies between            notices.py   bell, desktop, title
    themes.py    colours
What is shown:
    runs.py      which runs are shown, in which order, and which is looked at
    links.py     how the links to other boxes are
    chart_options.py  how the chart is looked at             look.py      words, signs and styles
    wording.py   what the panel says, wrapped             tongue.py    the language
    digest.py    the same in a short panel: what to do first
    triage.py    the columns of the list                  by_setting.py  those of settings
    query.py     the filter                               quiet.py     what was acknowledged
    cards.py     a small chart a run, or a metric
    insight.py   what the runs say together               palette.py   every command by name
"""
