# Run by cpack after it has made the packages: corrects the .deb files, which cpack cannot make as Debian wants them.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(tree "${CPACK_TEMPORARY_DIRECTORY}/finish")
  foreach(package IN LISTS CPACK_PACKAGE_FILES)
    file(REMOVE_RECURSE "${tree}")
    execute_process(COMMAND dpkg-deb --raw-extract "${package}" "${tree}" COMMAND_ERROR_IS_FATAL ANY)
    file(READ "${tree}/DEBIAN/control" control)
    if(control MATCHES "\nPackage: libkeepalive\n")
      # CMake before 3.31 has no variable for this field.
      string(REPLACE "\nPriority:" "\nMulti-Arch: same\nPriority:" control "${control}")
      # They call ldconfig; the trigger does that already.
      file(REMOVE "${tree}/DEBIAN/postinst" "${tree}/DEBIAN/postrm")
    endif()
    # A build with -m32 links with the libc of the package libc6-i386 (for amd64). On i386 the package is libc6.
    string(REPLACE "libc6-i386 " "libc6 " control "${control}")
    file(WRITE "${tree}/DEBIAN/control" "${control}")
    execute_process(COMMAND dpkg-deb --root-owner-group --build "${tree}" "${package}" OUTPUT_QUIET
      COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endif()
