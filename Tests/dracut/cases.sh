# shellcheck shell=bash disable=SC2154,SC2034  # the caller sets work, image, kernel and cases
# Shared by run and targets: a case crashes a machine and looks at its console. Sourced by these scripts.

# crash OPTION...: runs Tests/dracut/crash. Leaves its exit code in $code, its output in $verdict, and the path of the serial log in $log.
crash() {
  local out=$work/out
  rm -rf "$out"
  code=0
  verdict=$("$dracut_dir/crash" --initrd "$image" --kernel "$kernel" --out "$out" "$@" 2>"$work/progress") || code=$?
  log=$out/serial.log
}

# Not with grep -q, which ends at the first match: tr would then fail, and with it the pipeline.
in_log() { tr -d '\r' <"$log" | grep -aE -- "$1" >/dev/null; }
says() { in_log "$1" || { complaint="the log does not say '$1'"; return 1; }; }
never_says() { ! in_log "$1" || { complaint="the log says '$1'"; return 1; }; }
captured() { [[ $code -eq 0 ]] || { complaint="no dump: $verdict"; return 1; }; }
# The failure action reboots, which ends QEMU. The machine must not have been killed because it was silent.
ended_by_itself() {
  [[ $code -eq 3 && $verdict == *"ended by itself"* ]] || { complaint="expected an end without a dump, and it was: $verdict"; return 1; }
}

# Runs the function case_NAME for each NAME of cases. A case that fails sets complaint, and its log is kept.
run_cases() {
  local name began
  for name in "${cases[@]}"; do
    began=$SECONDS complaint="" verdict="" told="" log=/dev/null
    if "case_${name//-/_}"; then
      pass "$name ($((SECONDS - began)) s): $verdict"
    else
      fail "$name ($((SECONDS - began)) s): $complaint"
      keep_log "$name"
    fi
  done
}
