# Prints what zsh offers at the end of a command line. An interactive zsh on a new terminal gets the line and the tab
# key. All completions go through compadd, which is wrapped here to write the matches to a file as well.
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
