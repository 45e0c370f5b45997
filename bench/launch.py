"""Run the command given as arguments and print `[status, wall s, cpu s, peak MB]`.

A process of its own, as small as possible: the kernel counts the memory of the parent at the fork into the peak of
the child, so that nothing could be measured below the size of whoever measures.
"""

import os
import sys
import time

command = sys.argv[1:]
quiet = os.open(os.devnull, os.O_RDWR)
began = time.perf_counter()
files = [(os.POSIX_SPAWN_DUP2, quiet, 0), (os.POSIX_SPAWN_DUP2, 2, 1)]
_, status, usage = os.wait4(os.posix_spawnp(command[0], command, os.environ, file_actions=files), 0)
wall = time.perf_counter() - began
cpu = usage.ru_utime + usage.ru_stime
print([os.waitstatus_to_exitcode(status), wall, cpu, usage.ru_maxrss / 1000])
