// SPDX-License-Identifier: Apache-2.0
// Precompiled for all tests: what they all pay for and what hardly changes.
#include "pch_packages.hpp"

#include "support/catch.hpp"
