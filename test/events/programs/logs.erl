#!/usr/bin/env escript
%% Logs by the standard logger, reports of crashed processes included.
main([Count, Load]) ->
    {ok, Truth} = file:open(os:getenv("TRUTH"), [append, raw]),
    lists:foreach(fun(I) ->
        case I rem 5 of
            4 -> {_, Ref} = spawn_monitor(fun() -> lists:nth(I, []) end), receive {'DOWN', Ref, _, _, _} -> ok end;
            _ -> logger:error("order ~p accepted", [I])
        end,
        timer:sleep(case Load of "burst" -> 4; _ -> 10 end),
        file:write(Truth, "e\n")
    end, lists:seq(0, list_to_integer(Count) - 1)).
