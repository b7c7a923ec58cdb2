program logs
  implicit none
  integer :: i, count, mark
  character(len=256) :: text, path
  call get_command_argument(1, text)
  read (text, *) count
  call get_environment_variable('TRUTH', path)
  open (newunit=mark, file=trim(path), position='append', action='write')
  do i = 0, count - 1
    if (mod(i, 5) == 4) then
      write (0, '(a)') 'Warning: matrix is singular, backtrace:'
      call backtrace
    else
      write (0, '(a,i0)') 'step ', i
    end if
    flush (0)
    write (mark, '(a)') 'e'
    flush (mark)
    call execute_command_line('sleep 0.004')
  end do
end program
