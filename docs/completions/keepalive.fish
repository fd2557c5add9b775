# Completion of keepalive(1) for fish.

# Names and numbers of the processes that the user may inspect.
function __keepalive_processes
    for folder in (string match -r '^/proc/[0-9]+$' /proc/*)
        test -e $folder/exe; or continue
        set -l number (string replace /proc/ '' $folder)
        set -l name (cat $folder/comm 2>/dev/null); or continue
        string match -qr '[[:cntrl:]]' -- $name; or printf '%s\tprocess %s\n' $name $number
        printf '%s\t%s\n' $number $name
    end
end

# Targets of attach: units of systemd that have processes, and words.
function __keepalive_targets
    printf '%s\n' self machine
    systemctl list-units --type=service,socket,slice,scope --plain --no-legend --no-pager 2>/dev/null | string replace -r ' .*' ''
end

# Prints the words before the cursor that belong to another command. Succeeds if an option of run may still follow.
function __keepalive_command
    set -l words (commandline -opc)
    set -e words[1..2]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                string escape -- $words
                return 1
            case --idle --interval --count --user-timeout
                set -e words[1]
                set -q words[1]; and set -e words[1]
            case '-*'
                set -e words[1]
            case '*'
                string escape -- $words
                return 1
        end
    end
    return 0
end

function __keepalive_complete_command
    set -l line (string join ' ' -- (__keepalive_command) (commandline -ct))
    complete --do-complete="$line"
end

function __keepalive_is # SUBCOMMAND...
    contains -- (commandline -opc)[2] $argv
end

# Whether an option of SUBCOMMAND may stand here.
function __keepalive_takes_options # SUBCOMMAND...
    __keepalive_is $argv; or return
    not __keepalive_is run; or __keepalive_command >/dev/null
end

complete -c keepalive -f
set -l first 'test (count (commandline -opc)) -eq 1'
complete -c keepalive -n $first -a run -d 'Run a program with keepalive'
complete -c keepalive -n $first -a show -d 'Show the keepalive of TCP sockets'
complete -c keepalive -n $first -a set -d 'Set it on running processes'
complete -c keepalive -n $first -a attach -d 'Give it to a service, a container, the machine'
complete -c keepalive -n $first -a detach -d 'End what attach began'
complete -c keepalive -n $first -a attached -d 'Show what is attached'
complete -c keepalive -n $first -l version -d 'Print the version'
complete -c keepalive -n "$first; or __keepalive_takes_options run show set attach detach attached" -l help -d 'Print help'

set -l values '__keepalive_takes_options run set attach'
complete -c keepalive -n $values -l idle -x -d 'Silence before the first probe'
complete -c keepalive -n $values -l interval -x -d 'Time between probes'
complete -c keepalive -n $values -l count -x -d 'Unanswered probes before the connection is dead'
complete -c keepalive -n $values -l user-timeout -x -a auto -d 'How long sent data may stay unacknowledged'

set -l run '__keepalive_takes_options run'
complete -c keepalive -n $run -l force -d 'COMMAND can neither turn it off nor change the values'
complete -c keepalive -n $run -l preload -d 'Use the preload library alone'
complete -c keepalive -n $run -l supervise -d 'Use a supervisor alone: static and Go programs too'
complete -c keepalive -n $run -l verbose -d 'A line on standard error for each decision'
complete -c keepalive -n $run -l anyway -d 'Run COMMAND even if keepalive cannot be given'
complete -c keepalive -n '__keepalive_is run' -a '(__keepalive_complete_command)'

set -l sockets '__keepalive_takes_options show set'
complete -c keepalive -n $sockets -l peer -x -d 'Only connections with this peer'
complete -c keepalive -n $sockets -l port -x -d 'Only sockets with this port'
complete -c keepalive -n $sockets -l fd -x -d 'Only this descriptor'
complete -c keepalive -n $sockets -l wide -d 'A column for each value'

set -l show '__keepalive_takes_options show'
complete -c keepalive -n $show -l unprotected -x -d 'Only connections that a NAT with this timeout can forget'
complete -c keepalive -n $show -l json -d 'An object for each socket'
complete -c keepalive -n '__keepalive_takes_options show set' -l cgroup -x -a '(__keepalive_targets)' -d 'All processes in a cgroup'

set -l set '__keepalive_takes_options set'
complete -c keepalive -n $set -l off -d 'Turn keepalive off instead'
complete -c keepalive -n $set -l dry-run -d 'Change nothing'
complete -c keepalive -n '__keepalive_is show set' -a '(__keepalive_processes)'

set -l attach '__keepalive_takes_options attach'
complete -c keepalive -n $attach -l force -d 'The programs cannot undo it'
complete -c keepalive -n $attach -l count-open -d 'Count the connections that are open without keepalive'
complete -c keepalive -n '__keepalive_is attach detach' -a '(__keepalive_targets)'
complete -c keepalive -n '__keepalive_takes_options attached' -l json -d 'An object for each cgroup'
