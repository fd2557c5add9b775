# Prints what zsh would offer at the end of a command line: an interactive shell on a terminal of its own is given the
# line and the tab key, and compadd, through which all completion goes, also writes what matches to a file.
# usage: zsh -f complete.zsh FOLDER LINE
zmodload zsh/zpty
file=$(mktemp)

zpty shell "FILE=${(q)file} TERM=dumb zsh -f -i"
zpty -w shell "PS1= fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D; setopt no_auto_list"
# compadd with -O, -A or -D only computes matches, for a later call.
zpty -w shell '
compadd() {
  local -a matches
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    builtin compadd -A matches "$@"
    (( $#matches )) && print -rl -- $matches >>$FILE
  fi
  builtin compadd "$@"
}
finish() { exit }
zle -N finish
bindkey "^I" complete-word
bindkey "^X" finish
print rea""dy'
zpty -r shell output '*ready*'
zpty -w -n shell "$2"$'\t'$'\x18'
while zpty -r shell output; do :; done
cat $file
rm $file # no trap: the shell on the terminal would inherit it
