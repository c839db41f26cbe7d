// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_VERSION_HPP
#define XRAYON_VERSION_HPP

// The one source of the version: CMake, pkg-config and `xrayon-doctor` read it from here.
#define XRAYON_VERSION_MAJOR 0
#define XRAYON_VERSION_MINOR 1
#define XRAYON_VERSION_PATCH 0
#define XRAYON_VERSION (10000 * XRAYON_VERSION_MAJOR + 100 * XRAYON_VERSION_MINOR + XRAYON_VERSION_PATCH)

#endif // XRAYON_VERSION_HPP
