%% A peer for tests: Erlang shells, driven over standard input and output.
%%
%% Each line that comes is the name of a shell and what it shall evaluate, as in Erlang's own shell: names that are bound
%% stay so. A shell is a process, made when it is first named; so it owns the sockets it opens and gets their messages.
%% Each answer is a line with the name of the shell and the value, as a Python literal. "-" in place of an expression
%% ends the shell, and the end of the input ends all.
-mode(compile).

main([]) ->
    logger:set_primary_config(level, none),
    {ok, _} = application:ensure_all_started(ssl),
    io:setopts([binary, {encoding, latin1}]),
    read(#{}).

read(Shells) ->
    case io:get_line("") of
        eof ->
            halt();
        Line ->
            [Name, Text] = string:split(string:trim(Line), " "),
            Shell = maps:get(Name, Shells, none),
            read(pass(Text, Name, Shell, Shells))
    end.

pass(Text, Name, none, Shells) ->
    Shell = spawn(fun() -> evaluate(Name, erl_eval:new_bindings()) end),
    pass(Text, Name, Shell, Shells#{Name => Shell});
pass(<<"-">>, Name, Shell, Shells) ->
    exit(Shell, kill),
    maps:remove(Name, Shells);
pass(Text, _, Shell, Shells) ->
    Shell ! {evaluate, Text},
    Shells.

evaluate(Name, Bindings) ->
    receive
        {evaluate, Text} ->
            {Value, Bound} = attempt(Text, Bindings),
            io:put_chars([Name, " ", literal(Value), "\n"]),
            evaluate(Name, Bound)
    end.

attempt(Text, Bindings) ->
    try
        {ok, Tokens, _} = erl_scan:string(binary_to_list(Text) ++ "."),
        {ok, Expressions} = erl_parse:parse_exprs(Tokens),
        {value, Value, Bound} = erl_eval:exprs(Expressions, Bindings),
        {Value, Bound}
    catch
        Class:Reason -> {{Class, Reason}, Bindings}
    end.

%% As Python writes it: atoms as text, strings as lists, what only this node knows as its Erlang form.
literal(Term) when is_integer(Term) -> integer_to_list(Term);
literal(true) -> "True";
literal(false) -> "False";
literal(Term) when is_atom(Term) -> text(atom_to_list(Term));
literal(Term) when is_binary(Term) -> ["b", text(Term)];
literal(Term) when is_tuple(Term) -> ["(", [[literal(Each), ","] || Each <- tuple_to_list(Term)], ")"];
literal([Head | Tail]) when is_list(Tail) -> ["[", literal(Head), [[",", literal(Each)] || Each <- Tail], "]"];
literal([]) -> "[]";
literal(Term) -> text(io_lib:format("~0p", [Term])).

text(Octets) -> ["'", [io_lib:format("\\x~2.16.0b", [Octet]) || <<Octet>> <= iolist_to_binary(Octets)], "'"].
