# SPDX-License-Identifier: Apache-2.0
# `cpack` in a build folder makes two Debian packages: libxrayon-dev (headers, CMake package, pkg-config files; for every architecture)
# and xrayon-tools (the programs).
include_guard(GLOBAL)
set(CPACK_PACKAGE_NAME xrayon)
set(CPACK_PACKAGE_VENDOR "the xrayon authors")
set(CPACK_PACKAGE_CONTACT "the xrayon authors <xrayon@localhost>")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "parallel batch machine learning over xtensor and oneTBB")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL dev)
if(XRAYON_BUILD_TOOLS)
  list(APPEND CPACK_COMPONENTS_ALL tools)
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libxrayon-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
  "libtbb-dev (>= 2021), libxtensor-dev, xtl-dev, librandom123-dev, libxtensor-blas-dev, libopenblas-dev | libblas-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "librange-v3-dev, xrayon-tools")
set(CPACK_DEBIAN_DEV_DESCRIPTION "parallel batch machine learning over xtensor and oneTBB, headers
 Batch inference, uncertainty, preprocessing, gradients, cross-validation, search and ensembles on every core: the same bits at any thread
 count, and the error that a plain loop would have thrown. Header-only, C++20.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME xrayon-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "xrayon-scalability and xrayon-doctor
 xrayon-scalability says how a program scales with its threads, and why not further; xrayon-doctor what a parallel program sees of the
 machine.")
include(CPack)
