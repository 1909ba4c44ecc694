"""The front end without a screen: one command, one file, and what they share.

check.py     the table and the JSON; contract.py is the JSON's form, reading.py its -v,
             machine.py one look at GPUs and processes, against.py a baseline,
             annotations.py what a code host shows
gather.py    reads targets once, with several processes; progress.py tells how far it is,
             batches.py reads more logs than fit
watch.py     a line when a finding starts or ends; headless.py puts it together, command.py and
             template.py run --exec, ending.py ends it
status.py    one line; status_now.py how much is read, status_read.py reads it,
             status_cache.py remembers it
explain.py   the patterns; sketch.py draws them
document.py  one run on a page
manual.py    the manual page and completions
"""
