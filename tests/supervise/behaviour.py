"""What a supervised program and its surroundings see must be what they see of the program alone.

behaviour.py KEEPALIVE CASE UNSHARE-MOUNTS

Each case is a function in one of the modules of cases/. Most cases run a program alone and supervised, and compare what
both runs show.
"""
import sys

sys.dont_write_bytecode = True

from cases import kept, outside, processes, surroundings, terminals

modules = (kept, outside, processes, surroundings, terminals)
(function,) = {vars(module)[sys.argv[2]] for module in modules if sys.argv[2] in vars(module)}
function()
