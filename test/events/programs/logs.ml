(* Prints lines and exceptions with their backtraces. *)
exception Not_there of int
let fetch i = if i >= 0 then raise (Not_there i) else i
let handle i = 1 + fetch i
let () =
  let count = int_of_string Sys.argv.(1) and load = Sys.argv.(2) in
  let truth = open_out_gen [ Open_append; Open_creat ] 0o644 (Sys.getenv "TRUTH") in
  for i = 0 to count - 1 do
    (if i mod 5 = 4 then (
       try ignore (handle i)
       with error ->
         Printf.eprintf "Fatal error: exception %s\n" (Printexc.to_string error);
         Printexc.print_backtrace stderr;
         flush stderr)
     else Printf.eprintf "order %d accepted\n%!" i);
    output_string truth "e\n";
    flush truth;
    if load <> "burst" then Unix.sleepf 0.004
  done
