#!/bin/sh
# What the CDK takes for Docker where no engine answers: every image counts as built and published.
case "$1" in
login) cat >/dev/null ;; # the password comes on standard input
inspect) exit 1 ;;       # no image is there yet
esac
exit 0
