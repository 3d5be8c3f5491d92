"""Runs Rasa with the line's channel: `serve.py MODEL PORT`, in the folder of the project, in Rasa's environment.

Not `rasa run`: there the token would stand in the list of processes.
"""

import logging
import os
import sys

import rasa
from rasa.utils.common import configure_logging_and_warnings
from rasa.utils.log_utils import configure_structlog

if __name__ == "__main__":
    model, port = sys.argv[1:]
    configure_logging_and_warnings(log_level=logging.WARNING)  # at a lower one Rasa writes down what citizens say
    configure_structlog(logging.WARNING)
    rasa.run(
        model,
        endpoints="endpoints.yml",
        credentials="credentials.yml",
        interface="127.0.0.1",
        port=int(port),
        auth_token=os.environ["YITONG_RASA_TOKEN"],
        enable_api=True,
    )
