# complete.fish FOLDER LINE : prints what fish offers after LINE, with the completion in FOLDER.
source $argv[1]/keepalive.fish
complete -C $argv[2]
