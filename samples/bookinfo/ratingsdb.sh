#!/bin/sh
# Redis with the bookshop's ratings: a list of two, written down as Redis writes what it was told.
set -eu
printf '*4\r\n$5\r\nRPUSH\r\n$7\r\nratings\r\n$1\r\n%d\r\n$1\r\n%d\r\n' \
    "${FIRST_RATING:-5}" "${SECOND_RATING:-4}" >/data/appendonly.aof
exec redis-server --protected-mode no --dir /data --save "" --appendonly yes
