"""Several processes train one run."""

import socket
import sys

import pytest
from support.runs import FLAGS, assert_same_run, python, start_process

from splagger.foundation.errors import UserError
from splagger.training.processes import anywhere, from_first, is_first_process, join_processes

TRAIN = ["train", "t-maze-long-noise:length=3,episodes=2", *FLAGS, "--frames", "64"]
