# Prints what bash offers at the end of a command line.
# usage: bash --norc complete.bash FOLDER PACKAGE LINE
# FOLDER holds our completion; PACKAGE is the file of the package bash-completion, or empty.
if [[ -n $2 ]]; then source "$2"; fi
source "$1/keepalive.bash"

compopt() { :; } # only works while bash itself completes

COMP_LINE=$3
COMP_POINT=${#COMP_LINE}
read -ra COMP_WORDS <<<"${COMP_LINE//=/ = }" # as COMP_WORDBREAKS does
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
function=$(complete -p keepalive)
function=${function#*-F }
"${function%% *}" keepalive "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
