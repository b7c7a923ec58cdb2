% Prints lines and errors with their backtraces on stderr.
:- use_module(library(prolog_stack)).

fetch(I, _) :- existence_error(order, I).
handle(I, N) :- fetch(I, X), N is X + 1.

emit(I) :-
    4 is I mod 5, !,
    catch_with_backtrace(handle(I, _), Error, print_message(error, Error)).
emit(I) :- format(user_error, "order ~d accepted~n", [I]).

main :-
    current_prolog_flag(argv, [CountText, Load | _]),
    atom_number(CountText, Count),
    getenv('TRUTH', Path),
    open(Path, append, Truth),
    Last is Count - 1,
    forall(between(0, Last, I),
           ( emit(I), flush_output(user_error), format(Truth, "e~n", []), flush_output(Truth),
             ( memberchk(Load, [low, pipe]) -> sleep(0.004) ; true ) )).
