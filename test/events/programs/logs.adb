--  Prints lines and the information of exceptions on stderr.
with Ada.Command_Line;   use Ada.Command_Line;
with Ada.Environment_Variables;
with Ada.Exceptions;     use Ada.Exceptions;
with Ada.Text_IO;        use Ada.Text_IO;

procedure Logs is
   Count : constant Natural := Natural'Value (Argument (1));
   Load  : constant String := Argument (2);
   Truth : File_Type;

   procedure Fetch (I : Natural) is
   begin
      raise Constraint_Error with "order" & I'Image & " is not there";
   end Fetch;

   procedure Handle (I : Natural) is
   begin
      Fetch (I);
   end Handle;
begin
   Create (Truth, Out_File, Ada.Environment_Variables.Value ("TRUTH"));
   for I in 0 .. Count - 1 loop
      if I mod 5 = 4 then
         begin
            Handle (I);
         exception
            when E : others =>
               Put (Standard_Error, Exception_Information (E));
         end;
      else
         Put_Line (Standard_Error, "order" & I'Image & " accepted");
      end if;
      Put_Line (Truth, "e");
      Flush (Truth);
      if Load = "low" or Load = "pipe" then
         delay 0.004;
      end if;
   end loop;
end Logs;
