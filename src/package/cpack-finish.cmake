# Run by cpack on the packages it made: what its .deb of a library lacks (a field) and has too much (scripts that call
# ldconfig, where Debian's policy wants the trigger).
if(CPACK_GENERATOR STREQUAL "DEB")
  set(tree "${CPACK_TEMPORARY_DIRECTORY}/finish")
  foreach(package IN LISTS CPACK_PACKAGE_FILES)
    get_filename_component(name "${package}" NAME)
    if(name MATCHES "^libkeepalive_")
      file(REMOVE_RECURSE "${tree}")
      execute_process(COMMAND dpkg-deb --raw-extract "${package}" "${tree}" COMMAND_ERROR_IS_FATAL ANY)
      file(REMOVE "${tree}/DEBIAN/postinst" "${tree}/DEBIAN/postrm")
      file(READ "${tree}/DEBIAN/control" control)
      string(REPLACE "\nPriority:" "\nMulti-Arch: same\nPriority:" control "${control}")
      file(WRITE "${tree}/DEBIAN/control" "${control}")
      execute_process(COMMAND dpkg-deb --root-owner-group --build "${tree}" "${package}" OUTPUT_QUIET
        COMMAND_ERROR_IS_FATAL ANY)
    endif()
  endforeach()
endif()
