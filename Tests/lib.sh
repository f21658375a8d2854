# shellcheck shell=bash
# What all of the tests share: messages, this machine's packages, builds, checks and their count.
# Sourced by the scripts here, and by the lib.sh of each folder; it does nothing by itself.

set -euo pipefail

tests_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo_dir=$(cd "$tests_dir/.." && pwd)
release_dir=$repo_dir/.build/release
# shellcheck disable=SC2034  # read by the scripts that source this file
program=$release_dir/oldmemfs
# Where mke2fs and the like are, which not everybody's root has on the path.
PATH=$PATH:/usr/sbin:/sbin

# ---------------------------------------------------------------- messages

say() { printf '%s\n' "$*"; }
progress() { printf '  %4ds  %s\n' "$SECONDS" "$*" >&2; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# The comment block at the top of the calling script, after the '#!' line, is its manual.
print_manual() { sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0"; }

# ---------------------------------------------------------------- this machine

require_root() { [[ $(id -u) -eq 0 ]] || die "this mounts file systems and installs packages: run it as root."; }

# need FILE PACKAGE: installs PACKAGE when FILE (a path, or a command's name) is not there.
need() {
  local file=$1 package=$2
  [[ -e $file ]] || command -v "$file" >/dev/null && return
  [[ $(id -u) -eq 0 ]] || die "$file is missing and this is not root: run 'apt-get install $package' first."
  progress "installing $package (for ${file##*/})"
  # A machine that never ran 'apt-get update' knows no package: one more try after it.
  install_package "$package" || { apt-get update -qq && install_package "$package"; } \
    || die "$package (for ${file##*/}) can't be installed; see what 'apt-get install $package' says."
}

install_package() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null 2>&1
}

# What building and mounting need.
need_build_tools() {
  command -v swift >/dev/null || die "swift is missing: install a Swift 6.2 or newer toolchain and put it on the PATH."
  need /usr/include/fuse3/fuse_lowlevel.h libfuse3-dev
  need fusermount3 fuse3
  need gcc gcc
  need strip binutils
  [[ -e /dev/fuse ]] || modprobe fuse 2>/dev/null || die "/dev/fuse is missing and 'modprobe fuse' does not help."
}

# Builds the release program; its log is shown only when that fails.
build_program() {
  local log
  log=$(mktemp)
  progress "building the release program"
  if ! (cd "$repo_dir" && swift build -c release --product oldmemfs) >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "the release program does not build."
  fi
  rm -f "$log"
}

# The version of libfuse that programs are built with here.
libfuse_version() { fusermount3 --version | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1; }

# strip_program FILE: the program as it is installed.
strip_program() { strip -R .comment -R .swift_modhash -o "$1" "$program"; }

# ---------------------------------------------------------------- checks

passed=0 failed=0

# check NAME COMMAND...: runs the command; its output is shown only when it fails.
check() {
  local name=$1 log status=0
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [[ $status -eq 0 ]]; then
    passed=$((passed + 1))
    say "ok      $name"
  else
    failed=$((failed + 1))
    say "FAILED  $name (exit code $status)"
    sed 's/^/        /' "$log"
  fi
  rm -f "$log"
}

# check_and_tell NAME COMMAND...: the same, and what the command says is shown on the line in either case.
check_and_tell() {
  local name=$1 text
  shift
  if text=$("$@" 2>&1); then
    passed=$((passed + 1))
    say "ok    $name: $text"
  else
    failed=$((failed + 1))
    say "FAIL  $name: $text"
  fi
}

# count_from NAME COMMAND...: runs a command that closes with 'N passed, N failed', shows it, and adds its counts. One that
# closes otherwise is a failure of its own.
count_from() {
  local name=$1 log status=0 line
  shift
  log=$(mktemp)
  say "== $name"
  "$@" </dev/null 2>&1 | tee "$log" || status=$?
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1 || true)
  rm -f "$log"
  if [[ -z $line ]]; then
    say "FAILED  $name did not finish (exit code $status)"
    failed=$((failed + 1))
    return
  fi
  passed=$((passed + ${line%% *}))
  line=${line#*, }
  failed=$((failed + ${line%% *}))
}

# Prints the closing line; its status says whether all passed.
print_counts() {
  say "$passed passed, $failed failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
}
