# Sourced: installs a package of Debian.

# with_apt PACKAGE SIZE: false without root and apt-get, and if apt-get fails. Runlevel 1: the package's scripts then start no service.
with_apt() {
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  echo "$1: installing the package $1 with apt-get (once, about $2)"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  {
    apt-get update &&
      RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$1"
  } >"$log" 2>&1 || { tail -n 5 "$log" >&2; return 1; }
}
