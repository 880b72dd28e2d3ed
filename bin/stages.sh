# Sourced by bin/check and bin/test: runs stages one after the other, all of them even when one
# fails, with the time that each took.

failed_stages=()

# Runs the command after $1, the name of the stage.
stage() {
  local name=$1
  shift
  echo "== $name"
  local TIMEFORMAT="-- $name: %1R s"
  if ! time "$@"; then
    failed_stages+=("$name")
  fi
}

# Ends the script: with 1 and the names of the stages that failed, if any did.
finish_stages() {
  if ((${#failed_stages[@]})); then
    echo "FAILED: ${failed_stages[*]}" >&2
    exit 1
  fi
}
