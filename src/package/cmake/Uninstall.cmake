# The last step of `cmake --install`, and the target `uninstall`. Include this after all install() rules.
foreach(script IN ITEMS finish-install uninstall)
  configure_file("${CMAKE_CURRENT_LIST_DIR}/${script}.cmake.in" "${PROJECT_BINARY_DIR}/${script}.cmake" @ONLY)
endforeach()
install(SCRIPT "${PROJECT_BINARY_DIR}/finish-install.cmake")
add_custom_target(uninstall COMMAND "${CMAKE_COMMAND}" -P "${PROJECT_BINARY_DIR}/uninstall.cmake"
  COMMENT "Removing what was installed from this build folder" USES_TERMINAL VERBATIM)
