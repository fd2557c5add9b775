# Run by cpack on the packages it made: what its .deb lack and have too much.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(tree "${CPACK_TEMPORARY_DIRECTORY}/finish")
  foreach(package IN LISTS CPACK_PACKAGE_FILES)
    file(REMOVE_RECURSE "${tree}")
    execute_process(COMMAND dpkg-deb --raw-extract "${package}" "${tree}" COMMAND_ERROR_IS_FATAL ANY)
    file(READ "${tree}/DEBIAN/control" control)
    if(control MATCHES "\nPackage: libkeepalive\n")
      # There is no variable for it before CMake 3.31.
      string(REPLACE "\nPriority:" "\nMulti-Arch: same\nPriority:" control "${control}")
      file(REMOVE "${tree}/DEBIAN/postinst" "${tree}/DEBIAN/postrm")  # they call ldconfig, as the trigger does
    endif()
    # The libc that -m32 links with belongs to an amd64 package; on i386 it is the usual one.
    string(REPLACE "libc6-i386 " "libc6 " control "${control}")
    file(WRITE "${tree}/DEBIAN/control" "${control}")
    execute_process(COMMAND dpkg-deb --root-owner-group --build "${tree}" "${package}" OUTPUT_QUIET
      COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endif()
