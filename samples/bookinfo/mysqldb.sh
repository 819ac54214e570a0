#!/bin/sh
# MariaDB with the bookshop's ratings, in a directory that lasts as long as the pod: /data.
set -eu
mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db \
    --skip-name-resolve --datadir=/data/db >/data/install.log 2>&1 || { cat /data/install.log; exit 1; }
cat >/data/ratings.sql <<SQL
CREATE DATABASE IF NOT EXISTS test;
CREATE TABLE IF NOT EXISTS test.ratings (ReviewID INT PRIMARY KEY, Rating INT NOT NULL);
INSERT IGNORE INTO test.ratings VALUES (1, ${FIRST_RATING:-5}), (2, ${SECOND_RATING:-4});
CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON test.* TO 'root'@'%';
SQL
# The init file is one statement a line, as above.
exec mariadbd --no-defaults --datadir=/data/db --socket=/data/socket --pid-file=/data/pid \
    --bind-address=0.0.0.0 --port=3306 --init-file=/data/ratings.sql --skip-name-resolve \
    --innodb-buffer-pool-size=8M --innodb-log-file-size=4M --performance-schema=OFF
