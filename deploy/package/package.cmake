# What is installed, and the Debian package:
#   cmake --preset release && cmake --build --preset release --target backstop
#   cd build/release && cpack -G DEB
set(package ${CMAKE_SOURCE_DIR}/deploy/package)

# Debian wants both compressed, and the same bytes from the same source.
find_program(GZIP gzip REQUIRED)
function(compressed source name)
  set(${name} ${CMAKE_BINARY_DIR}/package/${name}.gz PARENT_SCOPE)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
  configure_file(${source} ${CMAKE_BINARY_DIR}/package/${name} COPYONLY)
  execute_process(COMMAND ${GZIP} -9nkf ${CMAKE_BINARY_DIR}/package/${name} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
compressed(${package}/backstop.1 backstop.1)
compressed(${package}/changelog changelog)

include(GNUInstallDirs)
install(TARGETS backstop)
install(FILES ${backstop.1} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${changelog} ${package}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${package}/backstop.service DESTINATION lib/systemd/system)
install(FILES ${package}/backstop.toml DESTINATION /etc/backstop)
install(FILES ${package}/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME backstop)
install(FILES ${package}/completion.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
        RENAME _backstop)
install(FILES ${package}/completion.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
        RENAME backstop.fish)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_NAME backstop)
set(CPACK_PACKAGE_VENDOR "backstop")
set(CPACK_PACKAGE_CONTACT "backstop maintainers <maintainers@backstop.dev>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON) # the libraries that the program loads, with their versions
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "resilience in front of third-party call APIs")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"A reverse proxy that runs beside one application and forwards its HTTP calls
to third-party call and voice APIs over verified TLS, by each API's own rules:
retries that never act twice, waits that the API asks for, deadlines, circuit
breaking, idempotency keys, and answers that keep a phone call going when the
API does not. Metrics and a log line tell why it did what it did.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${package}/conffiles ${package}/postinst ${package}/prerm ${package}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
