# SPDX-License-Identifier: Apache-2.0
# Headers, CMake package, pkg-config files. All of it is independent of the machine's architecture, so it goes under share/.
include_guard(GLOBAL)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/xrayon")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev FILES_MATCHING PATTERN "*.hpp")
install(TARGETS xrayon EXPORT xrayon-targets COMPONENT dev)
install(EXPORT xrayon-targets NAMESPACE xrayon:: DESTINATION "${package_dir}" COMPONENT dev)
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/xrayon-config.cmake.in" "${PROJECT_BINARY_DIR}/package/xrayon-config.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/package/xrayon-config-version.cmake" COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${PROJECT_BINARY_DIR}/package/xrayon-config.cmake"
  "${PROJECT_BINARY_DIR}/package/xrayon-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/XrayonDependencies.cmake"
  DESTINATION "${package_dir}" COMPONENT dev)

# The prefix is told relative to the .pc file: an absolute one would be wrong after `cmake --install --prefix`.
set(pc_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")
file(RELATIVE_PATH XRAYON_PC_TO_PREFIX "/prefix/${pc_dir}" "/prefix")
string(REGEX REPLACE "/$" "" XRAYON_PC_TO_PREFIX "${XRAYON_PC_TO_PREFIX}")
set(XRAYON_PC_RANDOM123 "")
if(NOT XRAYON_RANDOM123_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
  set(XRAYON_PC_RANDOM123 " -I${XRAYON_RANDOM123_INCLUDE_DIR}")  # it has no .pc file to require
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/xrayon.pc.in" "${PROJECT_BINARY_DIR}/package/xrayon.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/xrayon.pc" DESTINATION "${pc_dir}" COMPONENT dev)
if(XRAYON_BLAS_FOUND)
  set(XRAYON_PC_BLAS "blas lapack")
  if(BLAS_LIBRARIES MATCHES "openblas")
    set(XRAYON_PC_BLAS "openblas")
  endif()
  configure_file("${PROJECT_SOURCE_DIR}/cmake/xrayon-blas.pc.in" "${PROJECT_BINARY_DIR}/package/xrayon-blas.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/package/xrayon-blas.pc" DESTINATION "${pc_dir}" COMPONENT dev)
endif()

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT dev)
