#!/usr/bin/env bash
# Plan and publish one target, and act on every exit code. Both pipelines beside this file call it:
#
#     publish.sh TARGET MESSAGE
#
# RETRY_DELAY: seconds before the second try when the manager does not answer (default 30, doubled each time).
# PAGE: a command that calls a person; it gets one argument, the reason. Without it the log alone says so.
set -uo pipefail

target=$1
message=$2
plan=$target.plan.json
delay=${RETRY_DELAY:-30}

page() {
    echo "A person must look at $target: $1" >&2
    if [ -n "${PAGE:-}" ]; then
        "$PAGE" "$target: $1"
    fi
}

for attempt in 1 2 3 4; do
    # The plan is kept while nobody has moved the fleet: publishing it again finds the publish that it began.
    code=0
    if [ ! -f "$plan" ]; then
        penstock plan "$target" --message "$message" --output "$plan" || code=$?
    fi
    if [ "$code" -eq 0 ]; then
        penstock publish "$plan" || code=$?
    fi
    case $code in
        0)
            echo "$target is done." >&2
            exit 0
            ;;
        1) echo "Refused: see the findings above. Nothing was published." >&2 ;;
        2) echo "The settings, the arguments or the credential are wrong. Nothing was attempted." >&2 ;;
        3) echo "There are changes. Only --exit-code says so, and it is not given here." >&2 ;;
        4)
            echo "Somebody moved $target since the plan was made: planning again (try $attempt of 4)." >&2
            rm -f "$plan"
            continue
            ;;
        5)
            echo "The manager does not answer: again in $delay s (try $attempt of 4)." >&2
            sleep "$delay"
            delay=$((delay * 2))
            continue
            ;;
        6) echo "A gate failed, and every instance is verified back on its earlier version: the fleet is safe." >&2 ;;
        7) page "some instances run the new version, some the old one" ;;
        8) page "it cannot be said what runs there; look at the instances before anything else is published" ;;
        *) echo "penstock ended with $code, which is no decision about the fleet: run 'penstock status $target'." >&2 ;;
    esac
    exit "$code"
done
echo "Gave up after 4 tries; nothing was published." >&2
exit "$code"
