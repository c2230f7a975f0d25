# Sourced by scripts that build programs with Go into the cache. Before, they set `folder`, and define `is_installed` and `print_path`.

# start_build NAME ADVICE: ends the script with the path if the program is there. Otherwise makes the empty folder $work, which is removed
# at the end. Waits for another run that builds the same; without flock both build, and the later rename wins.
start_build() {
  if is_installed; then
    print_path
    exit 0
  fi
  if ! command -v go >/dev/null; then
    echo "$1: building it requires Go, which is not on PATH." >&2
    echo "$2" >&2
    exit 1
  fi
  mkdir -p "$folder"
  if command -v flock >/dev/null; then
    exec 9>"$folder/.lock"
    flock 9
    if is_installed; then
      print_path
      exit 0
    fi
  fi
  work=$(mktemp -d "$folder.XXXXXX")
  # The module cache, of which a build may have copied files, cannot be written.
  trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
}
