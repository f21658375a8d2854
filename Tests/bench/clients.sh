# shellcheck shell=bash
# Part 'clients' of run: several processes at once on all processors, and what more threads would gain. Sourced by run.
# shellcheck disable=SC2154  # program, scratch and rounds are run's

clients_columns=(tmpfs oldmemfs null null-threads)
clients_counts=(1 2 4)

# mount_for_clients COLUMN: sets clients_daemon.
mount_for_clients() {
  local words=("$scratch/null" "$scratch/old" 300)
  clients_daemon=
  case $1 in
    tmpfs) mount -t tmpfs -o size=600m none "$scratch/old" && return ;;
    oldmemfs) words=("$program" scratch "$scratch/old" -o size=600m) ;;
    null-threads) words=("$scratch/null" --threads "$scratch/old" 300) ;;
  esac
  "${words[@]}" 2>/dev/null || die "can't mount $1: run '${words[*]}'."
  [[ $1 != oldmemfs ]] || use_all_memory "$scratch/old"
  clients_daemon=$(pgrep -f -x -- "${words[*]}") || die "the daemon of $1 is not running."
}

# clients_of COLUMN: adds lines 'COLUMN COUNT ROW RATE', and 'COLUMN COUNT memory KIB': the daemon's memory since it was mounted, without that
# of the files.
clients_of() {
  local count before=0 after=0
  for count in "${clients_counts[@]}"; do
    mount_for_clients "$1"
    [[ -z $clients_daemon ]] || before=$(anonymous "$clients_daemon")
    "$scratch/clients" "$scratch/old" "$count" >"$scratch/rates" 2>"$scratch/workload.log" || die "$1, $count clients: $(<"$scratch/workload.log")"
    [[ -z $clients_daemon ]] || after=$(anonymous "$clients_daemon")
    sed "s/^/$1 $count /" "$scratch/rates"
    say "$1 $count memory $((after - before))"
    umount "$scratch/old"
    [[ -z $clients_daemon ]] || until_true 10 clients_daemon_ended || die "the daemon of $1 does not end."
  done
}
clients_daemon_ended() { ! kill -0 "$clients_daemon" 2>/dev/null; }

print_clients() {
  awk -v columns="${clients_columns[*]}" -v counts="${clients_counts[*]}" "$awk_median"'
    function middle(column, clients, row,   i, list) {
      for (i = 1; i <= count[column, clients, row]; i++) list[i] = rates[column, clients, row, i]
      return median(list, count[column, clients, row])
    }
    { rates[$1, $2, $3, ++count[$1, $2, $3]] = $4 }
    END {
      width = split(columns, column, " "); kinds = split(counts, clients, " ")
      rows = split("write read names memory", row, " ")
      title["write"] = "write new files, MB/s"; title["read"] = "cold reads, MB/s"
      title["names"] = "creations and removals, a second"; title["memory"] = "memory of the daemon, KiB more"
      printf "%-34s %8s", "all clients together", "clients"
      for (i = 1; i <= width; i++) printf " %13s", column[i]
      printf " %16s\n", "threads gain"
      for (j = 1; j <= rows; j++) for (k = 1; k <= kinds; k++) {
        printf "%-34s %8d", title[row[j]], clients[k]
        for (i = 1; i <= width; i++) printf " %13d", middle(column[i], clients[k], row[j])
        if (row[j] == "memory") print ""
        else printf " %15.2f\n", middle("null-threads", clients[k], row[j]) / middle("null", clients[k], row[j])
      }
    }' "$scratch/clients.rates"
}

run_clients() {
  local round column
  build_null
  gcc -O2 -Wall -Wextra -Werror -o "$scratch/clients" "$tests_dir/bench/clients.c"
  for ((round = 0; round < rounds; round++)); do
    for column in "${clients_columns[@]}"; do clients_of "$column"; done
    progress "clients: round $((round + 1)) of $rounds"
  done >"$scratch/clients.rates"
  say "$(nproc) processors, medians of $rounds rounds"
  print_clients
}
