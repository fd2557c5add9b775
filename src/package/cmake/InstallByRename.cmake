# install_by_rename(TARGET FILE DESTINATION FOLDER COMPONENT NAME PERMISSIONS PERMISSION...): installs the target under the
# name FILE in two steps, first under a temporary name and then by a rename. A program that starts meanwhile never sees
# an incomplete file, and a program that runs keeps the file that it has.
function(install_by_rename target file)
  cmake_parse_arguments(PARSE_ARGV 2 by_rename "" "DESTINATION;COMPONENT" "PERMISSIONS")
  install(FILES "$<TARGET_FILE:${target}>" DESTINATION "${by_rename_DESTINATION}" RENAME "${file}.new"
    PERMISSIONS ${by_rename_PERMISSIONS} COMPONENT ${by_rename_COMPONENT})
  set(script "${CMAKE_CURRENT_BINARY_DIR}/install-${file}.cmake")
  configure_file("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/install-by-rename.cmake.in" "${script}" @ONLY)
  install(SCRIPT "${script}" COMPONENT ${by_rename_COMPONENT})
endfunction()
