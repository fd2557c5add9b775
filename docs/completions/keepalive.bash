# Completion of keepalive(1) for bash.

# Names and numbers of the processes that the user may inspect. Not through compgen -W, which would expand what is in a name.
_keepalive_processes() {
  local folder name candidate
  for folder in /proc/[0-9]*; do
    [[ -e $folder/exe ]] && read -r name <"$folder/comm" || continue
    for candidate in "$name" "${folder#/proc/}"; do
      if [[ $candidate == "$1"* && $candidate != *[^[:print:]]* ]]; then
        printf -v candidate %q "$candidate"
        COMPREPLY+=("$candidate")
      fi
    done
  done 2>/dev/null
}

# Completes the words from $1 on as another command line. Without bash-completion: only the name of the command.
_keepalive_command() {
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif ((COMP_CWORD == $1)); then
    mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
  else
    compopt -o default
  fi
}

# Targets of attach: units of systemd that have processes, and words.
_keepalive_targets() {
  local units unit
  units=$(systemctl list-units --type=service,socket,slice,scope --plain --no-legend --no-pager 2>/dev/null)
  printf '%s\n' self machine
  while read -r unit _; do
    printf '%s\n' "$unit"
  done <<<"$units"
}

_keepalive() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} i
  local values='--idle --interval --count --user-timeout'
  local candidates=''
  COMPREPLY=()

  if [[ ${COMP_WORDS[1]} == run ]]; then
    for ((i = 2; i < COMP_CWORD; ++i)); do
      case ${COMP_WORDS[i]} in
        --) ((++i)) && break ;;
        --idle | --interval | --count | --user-timeout)
          [[ ${COMP_WORDS[i + 1]} == = ]] && ((++i)) # bash splits --idle=5m at the =
          ((++i))
          ;;
        -*) ;;
        *) break ;;
      esac
    done
    if ((i < COMP_CWORD)) || [[ $i == "$COMP_CWORD" && ($word != -* || $previous == --) ]]; then
      _keepalive_command "$i"
      return
    fi
  fi

  [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
  [[ $word == = ]] && word='' previous=${COMP_WORDS[COMP_CWORD - 1]}
  case $previous in
    --user-timeout) candidates=auto ;;
    --cgroup) candidates=$(_keepalive_targets) ;;
    --idle | --interval | --count | --peer | --port | --fd | --unprotected) ;;
    *)
      case $COMP_CWORD,${COMP_WORDS[1]},$word in
        1,*,-*) candidates='--help --version' ;;
        1,*) candidates='run show set attach detach attached' ;;
        *,run,*) candidates="$values --force --preload --supervise --verbose --anyway --help" ;;
        *,show,-*) candidates='--peer --port --fd --cgroup --unprotected --json --wide --help' ;;
        *,set,-*) candidates="$values --off --peer --port --fd --cgroup --dry-run --wide --help" ;;
        *,attach,-*) candidates="$values --force --count-open --help" ;;
        *,detach,-*) candidates='--help' ;;
        *,attached,-*) candidates='--json --help' ;;
        *,attach,* | *,detach,*) candidates=$(_keepalive_targets) ;;
        *,show,* | *,set,*)
          _keepalive_processes "$word"
          return
          ;;
      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$word")
}

complete -F _keepalive keepalive
