# shellcheck shell=bash
# Shared by all tests: messages, the clock of a run, this machine's packages, builds, ELF segments, checks and their counts.
# Sourced by the scripts here and by each folder's lib.sh.

set -euo pipefail

tests_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo_dir=$(cd "$tests_dir/.." && pwd)
# shellcheck disable=SC2034  # read by the scripts that source this file
program=$repo_dir/.build/release/oldmemfs
# For what is made once: kernels, vmcores, root trees. A script that writes there makes the folder.
# shellcheck disable=SC2034
cache_root=${OLDMEMFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oldmemfs}
# For mke2fs and the like: not every root user has them on the path.
PATH=$PATH:/usr/sbin:/sbin

# A script and all scripts that it starts share a clock: seconds since the first began.
export OLDMEMFS_STARTED=${OLDMEMFS_STARTED:-$EPOCHSECONDS}
SECONDS=$((EPOCHSECONDS - OLDMEMFS_STARTED))

# ---------------------------------------------------------------- messages

# The longest line. A script that indents the lines of another asks it for shorter ones.
columns=${OLDMEMFS_COLUMNS:-100}

say() { printf '%s\n' "$*"; }
progress() { wrap "$(printf '  %4ds  ' "$SECONDS")" '         ' "$*" >&2; }
die() {
  wrap "${0##*/}: " '  ' "$*" >&2
  exit 1
}

# wrap FIRST INDENT TEXT: prints FIRST and TEXT, and breaks long lines at blanks. All lines but the first begin with INDENT.
wrap() {
  local start=$1 indent=$2 line head
  while IFS= read -r line; do
    line=$start$line
    while ((${#line} > columns)); do
      head=${line:0:columns + 1}
      head=${head% *}
      # A word longer than a line.
      ((${#head} > ${#indent} && ${#head} <= columns)) || head=${line:0:columns}
      printf '%s\n' "$head"
      line=${line:${#head}}
      line=$indent${line# }
    done
    printf '%s\n' "$line"
    start=$indent
  done <<<"$3"
}

# The comment block at the top of the calling script, after the '#!' line, is its manual.
print_manual() { sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0"; }

# relay NAME: copies its input to standard output. After each minute without a line, it says that NAME still runs.
relay() {
  local name=$1 line part=""
  while true; do
    if IFS= read -r -t 60 line; then
      printf '%s\n' "$part$line"
      part=""
    elif (($? > 128)); then
      part+=$line
      progress "still at it: $name" 2>&1
    else
      break
    fi
  done
  part+=$line
  [[ -z $part ]] || printf '%s\n' "$part"
}

# follow NAME LOG: writes its input to LOG, and shows the last line of it once a minute.
follow() {
  local name=$1 line part="" last="" told=$SECONDS
  while true; do
    if IFS= read -r -t 5 line; then
      [[ -z $part$line ]] || last=$part$line
      printf '%s\n' "$part$line" >&3
      part=""
    elif (($? > 128)); then
      part+=$line
    else
      break
    fi
    ((SECONDS - told < 60)) || { told=$SECONDS; progress "$name: ${last:0:80}"; }
  done 3>"$2"
  printf '%s' "$part$line" >>"$2"
}

# ---------------------------------------------------------------- this machine

require_root() { [[ $(id -u) -eq 0 ]] || die "this mounts file systems and installs packages: run it as root."; }

# need FILE PACKAGE: installs PACKAGE if FILE (a path or a command's name) is missing.
need() {
  local file=$1 package=$2
  [[ -e $file ]] || command -v "$file" >/dev/null && return
  [[ $(id -u) -eq 0 ]] || die "$file is missing and this is not root: run 'apt-get install $package' first."
  progress "installing $package (for ${file##*/})"
  # A machine that never ran 'apt-get update' knows no packages: try again after it.
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
  # Only for the static program.
  need /usr/include/lzma.h liblzma-dev
  need fusermount3 fuse3
  need gcc gcc
  need /usr/include/stdio.h libc6-dev
  need strip binutils
  need_fuse
}

need_fuse() { [[ -e /dev/fuse ]] || modprobe fuse 2>/dev/null || die "/dev/fuse is missing and 'modprobe fuse' does not help."; }

# site_of_label LABEL: the address of the archive with that label (Debian, Debian-Security) in this machine's apt; nothing without one.
site_of_label() {
  env -u APT_CONFIG apt-get indextargets --format "\$(SITE) \$(LABEL)" "Created-By: Packages" \
    | awk -v label="$1" '$2 == label && !found { print $1; found = 1 }'
}

# make_root_tree SUITE TARGET LOG PACKAGE...: makes a root tree of that Debian suite, in a directory, or in an archive if TARGET ends with
# .tar. An outdated mirror is good enough.
make_root_tree() {
  local suite=$1 target=$2 log=$3 key=/usr/share/keyrings/debian-archive-keyring.gpg site packages
  shift 3
  need mmdebstrap mmdebstrap
  site=$(site_of_label Debian)
  [[ -n $site ]] || die "this machine's apt has no archive labelled Debian: run 'apt-get update'."
  progress "making a root tree of $suite"
  packages=$(IFS=,; printf '%s' "$*")
  mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --aptopt='APT::Install-Recommends "false"' \
    --aptopt='Acquire::Check-Valid-Until "false"' "$suite" "$target" "deb [signed-by=$key] $site $suite main" >"$log" 2>&1 \
    || die "no tree of $suite: see $log"
}

# ---------------------------------------------------------------- builds

# run_swift NAME LOG SCRATCH WORDS...: runs 'swift WORDS…' with the build folder SCRATCH and its output in LOG; NAME is for progress lines.
# If swift_limit is set, it ends after that many seconds.
#
# SwiftPM leaves empty folders in TMPDIR, so it gets a TMPDIR of its own. But its lock on a build folder lies in TMPDIR too, so this
# function takes a lock as well.
run_swift() (
  name=$1 log=$2 scratch=$3
  shift 3
  mkdir -p "$scratch"
  exec {lock}>"$scratch/lock-of-tests"
  flock "$lock"
  trap 'rm -rf "$own"' EXIT
  own=$(mktemp -d)
  TMPDIR=$own ${swift_limit:+timeout "$swift_limit"} swift "$1" --scratch-path "$scratch" "${@:2}" 2>&1 </dev/null {lock}>&- | follow "$name" "$log" {lock}>&-
)

# build_with_swift WHAT SCRATCH WORDS...: runs 'swift build WORDS…'; if that fails, shows its log and ends the script. Programs get no
# library path: a relocatable static program with one crashes at its start (glibc 2.36).
build_with_swift() {
  local what=$1 scratch=$2 log
  shift 2
  log=$(mktemp)
  progress "building $what"
  if ! run_swift "building $what" "$log" "$scratch" build --disable-local-rpath "$@"; then
    cat "$log" >&2
    rm -f "$log"
    die "$what does not build."
  fi
  rm -f "$log"
}

# is_up_to_date PRODUCT SOURCE...: whether it exists and no file below the sources is newer.
is_up_to_date() { [[ -x $1 && -z $(find "${@:2}" -newer "$1" -type f -print -quit) ]]; }

# Builds the release program if its sources have changed: SwiftPM takes ten seconds to find that they have not.
build_program() {
  local product=$repo_dir/.build/release/oldmemfs
  ! is_up_to_date "$product" "$repo_dir/Sources" "$repo_dir/Package.swift" || return 0
  build_with_swift "the release program" "$repo_dir/.build" -c release --package-path "$repo_dir" --product oldmemfs
  # SwiftPM does not touch an unchanged product; is_up_to_date goes by its time.
  touch "$product"
}

# build_with_libfuse SUITE: the same, with the libfuse of a newer Debian suite (trixie, sid) that Tests/vm/fetch unpacks. $program then
# names a program that runs with that suite's libfuse, libc and loader.
build_with_libfuse() {
  local kit=$cache_root/vm/libfuse/$1 scratch=$repo_dir/.build-libfuse-$1
  [[ -d $kit ]] || "$tests_dir/vm/fetch" "libfuse-$1"
  # The kit's libraries need a newer libc than this machine's; the kit's loader finds it beside them.
  build_with_swift "the release program with libfuse $(<"$kit/version")" "$scratch" -c release --package-path "$repo_dir" --product oldmemfs \
    -Xcc "-I$kit/include" -Xswiftc "-L$kit/lib" -Xlinker --allow-shlib-undefined \
    -Xlinker -rpath -Xlinker "$kit/lib" -Xlinker "--dynamic-linker=$kit/lib/ld-linux-x86-64.so.2"
  program=$scratch/release/oldmemfs
}

# The version of libfuse that the tested program says it uses.
libfuse_version() { "$program" --version | sed -n 's/.*libfuse //p'; }

# strip_program FILE: writes the program as it is installed.
strip_program() { strip -R .comment -R .swift_modhash -o "$1" "$program"; }

# until_true SECONDS COMMAND...: waits for a command to succeed.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [[ $SECONDS -lt $end ]] || return 1
    sleep 0.05
  done
}

# For awk programs: median(LIST, N) sorts LIST[1] ... LIST[N].
# shellcheck disable=SC2034  # read by the benches
awk_median='
  function median(list, n,   i, j, swap) {
    for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (list[j] < list[i]) { swap = list[i]; list[i] = list[j]; list[j] = swap }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
  }'

# ---------------------------------------------------------------- ELF files

# load_segments FILE: prints a line 'OFFSET VIRTUAL PHYSICAL SIZE' for each PT_LOAD, in bytes. The numbers are decimal, signed, and have
# 64 bits: the kernel's addresses are negative.
load_segments() {
  local offset virtual physical size
  readelf -lW "$1" | awk '$1 == "LOAD" { print $2, $3, $4, $5 }' | while read -r offset virtual physical size; do
    say $((offset)) $((virtual)) $((physical)) $((size))
  done
}

# ---------------------------------------------------------------- checks

passed=0 failed=0

# pass TEXT, fail TEXT: counts a check and prints its line.
pass() {
  passed=$((passed + 1))
  wrap "ok      " "        " "$*"
}
fail() {
  failed=$((failed + 1))
  wrap "FAILED  " "        " "$*"
}

# check NAME COMMAND...: runs the command. Shows its output only if it fails, with that of show_more, if the script has this function. The
# line shows $told too, which the command may set.
check() {
  # The command runs in this shell, so these names must not be its own.
  local checked_name=$1 checked_log checked_status=0
  shift
  told=""
  checked_log=$(mktemp)
  "$@" >"$checked_log" 2>&1 </dev/null || checked_status=$?
  if [[ $checked_status -eq 0 ]]; then
    pass "$checked_name${told:+: $told}"
  else
    fail "$checked_name (exit code $checked_status)"
    { cat "$checked_log"; ! declare -F show_more >/dev/null || show_more; } | sed 's/^/        /'
  fi
  rm -f "$checked_log"
}

# check_and_tell NAME COMMAND...: the same, but the line always shows the command's output.
check_and_tell() {
  local name=$1 text
  shift
  if text=$("$@" 2>&1); then
    passed=$((passed + 1))
    wrap "ok    " "        " "$name: $text"
  else
    failed=$((failed + 1))
    wrap "FAIL  " "        " "$name: $text"
  fi
}

same() { [[ $1 == "$2" ]] || { say "'$1' where '$2' was expected"; return 1; }; }

# count_from NAME COMMAND...: runs a command whose last line is 'N passed, N failed', shows its output, and adds its counts. A command
# without that line, or that fails and counts no failure, is one failure. Its output is appended to the file $transcript, if that is set.
count_from() {
  local name=$1 log status=0 line failures
  shift
  log=$(mktemp)
  say "== $name"
  "$@" </dev/null 2>&1 | relay "$name" | tee "$log" || status=$?
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1 || true)
  [[ -z ${transcript:-} ]] || cat "$log" >>"$transcript"
  rm -f "$log"
  if [[ -z $line ]]; then
    fail "$name did not finish (exit code $status)"
    return
  fi
  passed=$((passed + ${line%% *}))
  failures=${line#*, }
  failures=${failures%% *}
  failed=$((failed + failures))
  [[ $status -eq 0 || $failures -gt 0 ]] || fail "$name counted no failure, and ended with exit code $status"
}

# Prints the last line of a script; fails if a check failed, or none was made.
print_counts() {
  say "$passed passed, $failed failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
}
