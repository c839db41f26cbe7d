// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_DETAIL_WAITING_NODES_HPP
#define XRAYON_PAR_DETAIL_WAITING_NODES_HPP

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include <xrayon/core/canonical_tree.hpp>

namespace xrayon::detail {

/// Values of tree nodes that wait for their siblings. The first few lie in here, so that a small fold allocates nothing; those that find
/// no place, when many threads fold at once, in a map. Not safe for several threads: its user holds a lock.
template <class Value>
class waiting_nodes {
public:
    /// Moves the value of `node` in here. If that throws nothing has changed, but for the value.
    void put(canonical_node node, Value&& value) {
        for (place& each : places_) {
            if (!each.value) {
                each.value.emplace(std::move(value));
                each.node = node;
                return;
            }
        }
        others_.emplace(std::pair(node.begin, node.level), std::move(value));
    }

    /// Moves the value of `node` out of here into `where`, if it is here.
    bool take(canonical_node node, std::optional<Value>& where) {
        for (place& each : places_) {
            if (each.value && each.node == node) {
                where.emplace(std::move(*each.value));
                each.value.reset();
                return true;
            }
        }
        if (others_.empty()) {
            return false;
        }
        const auto found = others_.find({node.begin, node.level});
        if (found == others_.end()) {
            return false;
        }
        where.emplace(std::move(found->second));
        others_.erase(found);
        return true;
    }

private:
    struct place {
        canonical_node node;
        std::optional<Value> value;
    };
    std::array<place, sizeof(Value) <= 64 ? 8 : 1> places_;
    std::map<std::pair<std::size_t, unsigned>, Value> others_;  // by first leaf and level
};

} // namespace xrayon::detail

#endif // XRAYON_PAR_DETAIL_WAITING_NODES_HPP
