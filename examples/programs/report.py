"""Writes to stdout through Python's own buffers and to stderr through the logging module."""
import logging

logging.basicConfig(level=logging.INFO)
for page in range(1, 4):
    print(f"page {page} of 3 rendered")
logging.info("report is done")
