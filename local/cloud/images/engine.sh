#!/bin/sh
# What the CDK takes for Docker where an engine answers: the engine's own client, but what would be
# published in ECR goes to the emulator's registry on loopback.
docker=${CLOUD_DOCKER:-docker}
nearby() { printf '%s/%s' "$CLOUD_REGISTRY" "${1#*/}"; }
case "$1" in
login) cat >/dev/null ;; # the password comes on standard input
build)
	shift
	# shellcheck disable=SC2086 # several options in one variable
	exec "$docker" build ${CLOUD_BUILD_OPTIONS:-} "$@"
	;;
tag) exec "$docker" tag "$2" "$(nearby "$3")" ;;
push) exec "$docker" push --quiet "$(nearby "$2")" ;;
*) exec "$docker" "$@" ;;
esac
