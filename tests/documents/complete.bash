# Prints what bash would offer at the end of a command line.
# usage: bash --norc complete.bash FOLDER LINE [bash-completion]
# FOLDER holds our completion; with the third argument the package bash-completion is loaded too.
set -eu
[[ -z ${3-} ]] || source /usr/share/bash-completion/bash_completion
set +eu
source "$1/keepalive.bash"

compopt() { :; } # only works while bash itself completes

COMP_LINE=$2
COMP_POINT=${#COMP_LINE}
read -ra COMP_WORDS <<<"${COMP_LINE//=/ = }" # as COMP_WORDBREAKS does
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
function=$(complete -p keepalive)
function=${function#*-F }
"${function%% *}" keepalive "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
